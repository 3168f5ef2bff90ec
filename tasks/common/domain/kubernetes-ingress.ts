/** Who can reach what runs on an attached Kubernetes cluster: read off the compute and the machine learning extension. */
import { at, isJsonObject, textAt, type Json } from './json.ts';

/** `unknown`: nothing there says it. */
export type Ingress = 'private' | 'public' | 'unknown';

/** Type of the extension that serves online endpoints on a cluster. */
const EXTENSION_TYPE = 'microsoft.azureml.kubernetes';

/** An attached AKS cluster of the older kind names its load balancer itself. */
export function ingressOfCompute(compute: Json | undefined): Ingress {
  switch (textAt(compute, 'properties', 'properties', 'loadBalancerType')?.toLowerCase()) {
    case 'internalloadbalancer':
      return 'private';
    case 'publicip':
      return 'public';
    default:
      return 'unknown';
  }
}

/**
 * By the settings of the extension (documentation "Deploy the Azure Machine Learning extension on a Kubernetes cluster"): its
 * inference router is a load balancer, internal where `internalLoadBalancerProvider` says so, or is reached inside the cluster
 * only (`ClusterIP`), or at the nodes' own addresses (`NodePort`).
 */
export function ingressOfExtensions(extensions: readonly Json[]): Ingress {
  const extension = extensions.find(
    (one) => textAt(one, 'properties', 'extensionType')?.toLowerCase() === EXTENSION_TYPE,
  );
  const settings = at(extension, 'properties', 'configurationSettings');
  if (!isJsonObject(settings)) return 'unknown';
  const setting = (name: string): string => {
    const entry = Object.entries(settings).find(([key]) => key.toLowerCase().endsWith(name.toLowerCase()));
    return typeof entry?.[1] === 'string' ? entry[1].toLowerCase() : '';
  };
  switch (setting('inferenceRouterServiceType')) {
    case 'clusterip':
      return 'private';
    case 'loadbalancer':
      return setting('internalLoadBalancerProvider') === 'azure' ? 'private' : 'public';
    default:
      return 'unknown';
  }
}
