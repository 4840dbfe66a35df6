set -euo pipefail
# A member the cluster does not know has left already.
echo "removing $GANTRY_SUBJECT (answers: $GANTRY_SUBJECT_ANSWERS)"
quorumctl leave "$GANTRY_SUBJECT"
