set -euo pipefail
# A cluster without a living voter is left: another one was founded in its place.
quorumctl abandon "$CLUSTER"
# Joining the cluster one is in already is success; being in another one is not.
quorumctl join "$GANTRY_MEMBER" "$GANTRY_ADDRESS" "$CLUSTER" "$TOKEN" "$VIA"
