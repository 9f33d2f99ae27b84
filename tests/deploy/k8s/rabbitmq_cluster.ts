// What of RabbitMQ's cluster operator deploy/k8s uses, by its documentation of
// rabbitmq.com/v1beta1: a key that is not here is one to look up first.

import type { IAffinity } from "kubernetes-models/v1/Affinity";
import type { IResourceRequirements } from "kubernetes-models/v1/ResourceRequirements";
import type { ITopologySpreadConstraint } from "kubernetes-models/v1/TopologySpreadConstraint";

export interface RabbitmqCluster {
  apiVersion: "rabbitmq.com/v1beta1";
  kind: "RabbitmqCluster";
  metadata: { name: string; namespace: string };
  spec: {
    replicas?: number;
    image?: string;
    tls?: { secretName?: string; caSecretName?: string; disableNonTLSListeners?: boolean };
    persistence?: { storage?: string; storageClassName?: string };
    resources?: IResourceRequirements;
    rabbitmq?: { additionalConfig?: string; additionalPlugins?: string[] };
    terminationGracePeriodSeconds?: number;
    affinity?: IAffinity;
    override?: {
      statefulSet?: {
        spec?: {
          template?: {
            spec?: { containers: never[]; topologySpreadConstraints?: ITopologySpreadConstraint[] };
          };
        };
      };
    };
  };
}
