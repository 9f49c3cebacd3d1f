/**
 * What the machine does for a container in one go, whatever becomes of the agent meanwhile. In its
 * folder lie ready `config.json`; `owner`, the `uid:gid` of its command; and `layers`, those of its
 * image, joined by colons, the topmost first, or nothing for the machine's own root filesystem.
 *
 * The root filesystem is laid out in a mount namespace that ends with the container, so that nothing of
 * it is ever seen on the machine, or left there.
 */

/**
 * Goes where the others of a pod talk to each other, and becomes what makes one of them: the namespace
 * is that of the container around it, if that is one of ours; else of any sibling that lives; else a new
 * one. In \`ipc\` each leaves the parent's id, a process that has the namespace as long as the container
 * lives, and which one it is. One at a time: siblings that begin together must meet.
 *
 * $1 the folder of all containers, $2 the parent's id, $3 the container's own folder, the rest what makes it.
 */
export const joinIpcScript: string = `
all=$1 parent=$2 own=$3
shift 3
pid= around=
exec 9<"$all" && flock -w 60 9 || exit 1
{
  # The supervisor ends its file without a line's end.
  read -r around <"$all/$parent/pid" || [ -n "$around" ] && read -r cgroup <"$all/$parent/cgroup" &&
    while read -r line; do
      [ "\${line#*:*:}" != "$cgroup" ] || pid=$around
    done <"/proc/$around/cgroup"
} 2>/dev/null
for one in "$all"/*/ipc; do
  [ -z "$pid" ] && read -r whose holder which <"$one" || continue
  [ "$whose" != "$parent" ] || [ "$(readlink "/proc/$holder/ns/ipc")" != "$which" ] || pid=$holder
done 2>/dev/null
hold='echo "$1 $$ $(readlink /proc/self/ns/ipc)" >"$2/ipc"; shift 2; exec 8<&- 9<&- "$@"'
# Held from here on, should its holder end just now.
{ [ -n "$pid" ] && command exec 8<"/proc/$pid/ns/ipc"; } 2>/dev/null || pid=
if [ -n "$pid" ]; then set -- nsenter --ipc=/proc/self/fd/8 /bin/sh -c "$hold" hold "$parent" "$own" "$@"
else set -- unshare --ipc /bin/sh -c "$hold" hold "$parent" "$own" "$@"
fi
exec "$@"
`;

/** Of a script that has set `folder` and `store`, the folder with the layers. */
const layOutRoot = `
layOut() {
  read -r owner <"$folder/owner" && chown "$owner" "$folder/note" || return
  read -r layers <"$folder/layers"
  if [ -n "$layers" ]; then
    cd "$store" && mount -t overlay overlay \
      -o "lowerdir=$layers,upperdir=$folder/upper,workdir=$folder/work" "$folder/root" || return
  else
    mount --rbind / "$folder/root" && mount --make-rslave "$folder/root" || return
  fi
  cd "$folder"
}
`;

/**
 * The launcher becomes the supervisor. It claims the container (`supervisor`, as in
 * `supervisor-files.ts`) and makes way for `conmon`, which has `runc` create the container, waits for
 * its end, and writes `exit/<container>`. What was created is started from its side, by a shell that
 * then ends:
 *
 *     started     the container runs
 *     refused     it never will; `log` or `said` have the reason
 *
 * $1 the container's folder, $2 its id, $3 runc, $4 runc's folder, $5 the folder with the layers, $6 the
 * boot id, $7 conmon.
 */
export const launchScript: string = `
folder=$1 id=$2 runc=$3 state=$4 store=$5 boot=$6 conmon=$7
exec >"$folder/said" 2>&1 </dev/null
set -C
read -r self < /proc/$$/stat
echo "$boot $self" >"$folder/supervisor" || exit 0
set +C
${layOutRoot}
layOut && mkfifo created || { : >"$folder/refused"; exit 1; }
(
  read -r created <created
  case $created in
  *'"pid": -'*|'') : >refused; exit ;;
  esac
  if "$runc" --root "$state" --log "$folder/log" --log-format json start "$id"; then
    : >started
  else
    : >refused
    "$runc" --root "$state" delete --force "$id"
  fi
) &
_OCI_SYNCPIPE=3 exec "$conmon" --sync --full-attach --no-new-keyring \
  --cid "$id" --cuuid "$id" --name "$id" --bundle "$folder" --runtime "$runc" \
  --runtime-arg --root --runtime-arg "$state" \
  --runtime-arg --log --runtime-arg "$folder/log" \
  --runtime-arg --log-format --runtime-arg json \
  --exit-dir "$folder/exit" --container-pidfile "$folder/pid" \
  --log-path k8s-file:"$folder/output" 3>created
`;

/**
 * The same in front of somebody: its streams are those of the container. The first five as above, the
 * rest are options of \`runc run\`.
 */
export const runScript: string = `
folder=$1 id=$2 runc=$3 state=$4 store=$5
shift 5
${layOutRoot}
layOut 2>"$folder/said" || exit 1
exec "$runc" --root "$state" --log "$folder/log" --log-format json \
  run "$@" --bundle "$folder" --pid-file "$folder/pid" "$id"
`;

/**
 * Nothing of it runs any more, and nothing is left of it: what the kernel and `runc` know, and its
 * folder. $1 the container's folder, $2 its id, $3 runc, $4 runc's folder. In \`pod\` is the cgroup that it
 * shared with its siblings, of whom the last removes it.
 */
export const releaseScript: string = `
folder=$1 id=$2 runc=$3 state=$4
"$runc" --root "$state" delete --force "$id" 2>/dev/null
if read -r pod <"$folder/pod"; then
  for above in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [ ! -d "$above/$pod" ] || rmdir "$above/$pod/"* "$above/$pod"
  done
fi 2>/dev/null
# Empty it must be, as the machine sees it: what is mounted there would be removed as well.
[ ! -d "$folder/root" ] || rmdir "$folder/root" || exit 1
rm -rf "$folder"
`;
