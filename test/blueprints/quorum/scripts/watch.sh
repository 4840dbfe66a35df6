set -euo pipefail
mkdir -p /var/lib/quorum
echo "$VOTERS" > /var/lib/quorum/voters
