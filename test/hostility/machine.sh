# The first process of a machine, in namespaces of its own: folders of $1 become what the machine keeps on its disks,
# then sshd takes over. $2 is the size in KiB of the file system under /var/lib/gantry; 0: as large as the host's.
set -eu
mount -t tmpfs -o mode=755 run /run
mkdir /run/sshd
mount -t tmpfs shm /dev/shm
for name in etc home root var/lib; do mount --bind "$1/$name" "/$name"; done
[ "$2" -eq 0 ] || mount -t tmpfs -o "mode=700,size=${2}k,nr_inodes=$3" gantry /var/lib/gantry
mount --bind "$1/boot_id" /proc/sys/kernel/random/boot_id
exec /usr/sbin/sshd -D -e
