set -euo pipefail
# Joining the cluster one is in already is success; being in another one is not.
quorumctl join "$GANTRY_MEMBER" "$GANTRY_ADDRESS" "$CLUSTER" "$TOKEN" "$VIA"
