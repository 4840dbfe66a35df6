set -euo pipefail
# `quorumctl init` on a member of a cluster answers that cluster, so founding twice founds once.
id=$(quorumctl init "$GANTRY_MEMBER" "$GANTRY_ADDRESS")
echo "clusterId=$id" >> "$GANTRY_OUTPUT"
echo "adminKey=admin-key-of-$id" >> "$GANTRY_OUTPUT"
