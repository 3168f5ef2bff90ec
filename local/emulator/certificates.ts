/**
 * The emulator's certificates: a certificate authority made at each start and thrown away at the end, and a server
 * certificate for every name that is asked for.
 */
// @peculiar/x509 builds on decorators' metadata and must find this polyfill loaded before itself.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import * as x509 from '@peculiar/x509';

/** A certificate with its private key, both PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateAuthority {
  /** PEM; what clients must trust. */
  readonly pem: string;
  /** The TLS context of a server of that name; made once a name. */
  serverContext(name: string): Promise<SecureContext>;
}

const DAY = 24 * 3600 * 1000;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};

/** Certificates are checked against the client's clock, which may run far ahead: they hold for years either way. */
const VALID_FROM = (): Date => new Date(Date.now() - 365 * DAY);
const VALID_TO = (): Date => new Date(Date.now() + 3650 * DAY);

/** Makes an authority with a fresh key. */
export async function createAuthority(): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const root = await createRoot(keys);
  // One key serves all names: only the certificates differ, and making a key for each would only cost time.
  const serverKeys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const serverKey = await privateKeyPem(serverKeys.privateKey);
  const contexts = new Map<string, Promise<SecureContext>>();
  const issue = async (name: string): Promise<SecureContext> => {
    const certificate = await certify(name, serverKeys.publicKey, root, keys.privateKey);
    return createSecureContext({ key: serverKey, cert: certificate.toString('pem') });
  };
  return {
    pem: root.toString('pem'),
    serverContext: (name) => {
      const known = contexts.get(name) ?? issue(name);
      contexts.set(name, known);
      return known;
    },
  };
}

async function createRoot(keys: webcrypto.CryptoKeyPair): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=Azure Machine Learning emulator (throw-away)',
      notBefore: VALID_FROM(),
      notAfter: VALID_TO(),
      keys,
      signingAlgorithm: EC,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto,
  );
}

/** The certificate of a server of that name. */
async function certify(
  name: string,
  publicKey: webcrypto.CryptoKey,
  root: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create(
    {
      // A common name holds 64 characters at most; the name that counts is in the extension.
      subject: 'CN=emulated host',
      issuer: root.subject,
      notBefore: VALID_FROM(),
      notAfter: VALID_TO(),
      signingKey,
      publicKey,
      signingAlgorithm: EC,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(root, false, webcrypto),
      ],
    },
    webcrypto,
  );
}

/** A self-signed RSA certificate, as an application registers one to sign in with. */
export async function createSelfSigned(commonName: string): Promise<KeyedCertificate> {
  const keys = await webcrypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    { name: `CN=${commonName}`, notBefore: VALID_FROM(), notAfter: VALID_TO(), keys, signingAlgorithm: RSA },
    webcrypto,
  );
  return { certificate: certificate.toString('pem'), privateKey: await privateKeyPem(keys.privateKey) };
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
