set -euo pipefail
# Each line of `quorumctl status` is: member role up|down. Every expected slot must have a member that is up.
status=$(quorumctl status)
missing=0
for name in ${VOTERS//,/ } ${WORKERS//,/ }; do
  if ! grep -Eq "^${name}@[0-9]+ (voter|worker) up$" <<<"$status"; then
    echo "$name is not up"
    missing=1
  fi
done
exit "$missing"
