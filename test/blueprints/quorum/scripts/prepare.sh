set -euo pipefail
# Safe to run twice: the marker says which revision this machine was prepared for.
mkdir -p /var/lib/quorum
echo "$REVISION" > /var/lib/quorum/revision
echo "preparedAt=$REVISION" >> "$GANTRY_OUTPUT"
