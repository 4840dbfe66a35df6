set -euo pipefail
mkdir -p /var/lib/quorum
echo "$KEY" > /var/lib/quorum/admin-key
