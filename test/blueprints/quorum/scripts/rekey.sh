set -euo pipefail
mkdir -p /var/lib/quorum
echo "$CLUSTER" >> /var/lib/quorum/rekeyed
echo "adminKey=second-admin-key-of-$CLUSTER" >> "$GANTRY_OUTPUT"
