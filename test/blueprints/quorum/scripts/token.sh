set -euo pipefail
voter=$(quorumctl token voter)
worker=$(quorumctl token worker)
{
  echo "voter=$voter"
  echo "worker=$worker"
  echo "address=$GANTRY_ADDRESS"
} >> "$GANTRY_OUTPUT"
