/**
 * The credentials a service connection can need. Loaded as a whole, the identity library would bring those of developer
 * machines too, which is a third of a task's start-up.
 */
export {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
} from '@azure/identity';
