set -euo pipefail
# `quorumctl init` on a member of a cluster answers that cluster, so founding twice founds once.
id=$(quorumctl init "$GANTRY_MEMBER" "$GANTRY_ADDRESS")
# A voter that is left of a lost quorum goes on alone, as the cluster's only voter.
quorumctl refound
echo "clusterId=$id" >> "$GANTRY_OUTPUT"
echo "adminKey=admin-key-of-$id" >> "$GANTRY_OUTPUT"
