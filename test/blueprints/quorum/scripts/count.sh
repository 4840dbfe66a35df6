set -euo pipefail
echo "counted=$(quorumctl status | grep -c ' up$')" >> "$GANTRY_OUTPUT"
