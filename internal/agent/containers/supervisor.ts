/**
 * The process that stands by each task: a `sh` that outlives the agent, starts the command in a
 * session of its own, waits for it, kills what it leaves behind, and writes down how it ended. It
 * costs a shell's memory and no Node.
 *
 * It writes three small files into the container's folder, each by one `write` that ends in a newline:
 *
 *     supervisor   who it is, or `abandoned`. Whoever creates this file first decides whether the
 *                  container ever starts: the supervisor, or an agent that came back and finds none
 *     leader       who the command's first process is, which leads its group
 *     status       `exited <status>` or `signaled <number>`
 *
 * A shell reports the end by a signal as 128 + n, which a command may also choose as its status. It
 * tells them apart by a word on its own standard error, which no command can write to; so `note` is
 * that stream. For INT and PIPE shells say nothing: those two count as a status.
 *
 * $1 the container's folder, $2 `setsid`, $3 the boot id, the rest the command.
 */
export const supervisorScript: string = `
folder=$1 setsid=$2 boot=$3
shift 3
exec 2>"$folder/note" </dev/null
set -C
read -r self < /proc/$$/stat
echo "$boot $self" >"$folder/supervisor" || exit 0
trap : HUP INT TERM
(
  read -r self < /proc/self/stat
  echo "$boot $self" >"$folder/leader" || exit 126
  exec "$setsid" "$@" >>stdout 2>>stderr
)
status=$?
kind=exited
if [ $status -gt 128 ] && [ -s "$folder/note" ]; then
  kind=signaled status=$((status - 128))
fi
read -r boot leader rest <"$folder/leader" && kill -KILL "-$leader" 2>/dev/null
echo "$kind $status" >"$folder/status"
# While the agent lives it makes this end durable itself. Nobody else does when it is gone.
read -r pid name state parent rest < /proc/$$/stat
[ "$parent" = "$PPID" ] || sync "$folder/status"
`;
