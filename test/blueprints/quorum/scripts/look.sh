set -euo pipefail
# A line for each time it ran: tests count them.
mkdir -p /var/lib/quorum
echo "$NOTE prepared for $PREPARED" >> /var/lib/quorum/looked
echo "seen=$GANTRY_MEMBER" >> "$GANTRY_OUTPUT"
