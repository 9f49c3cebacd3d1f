/**
 * Lays out one layer as overlayfs wants it. Tar archives of layers say `.wh.<name>` where a name of a
 * layer below is gone, and `.wh..wh..opq` in a folder that starts anew (OCI image specification,
 * `layer.md`); overlayfs wants a device 0/0 in the place of each name that is gone. A folder that starts
 * anew therefore hides one by one what the layers below have in it, and so a laid-out layer is good
 * only on those that it was laid out on.
 *
 * $1 the archive, $2 how it is unpacked (`cat`, `gzip -dc`…), $3 its SHA-256 once unpacked, $4 the new
 * folder, the rest the folders of the layers below.
 */
export const unpackScript: string = `
archive=$1 unpack=$2 sum=$3 into=$4
shift 4
set -e
# A broken pipe, or an unpacker that fails half way, makes another sum.
found=$($unpack <"$archive" | sha256sum)
if [ "\${found%% *}" != "$sum" ]; then
  echo "a layer is not what its image says: sha256:\${found%% *} instead of sha256:$sum" >&2
  exit 1
fi
mkdir -p "$into"
# Some tools leave out the zeros that an archive ends with.
{ $unpack <"$archive"; head -c 10240 /dev/zero; } |
  tar --extract --file - --directory "$into" --numeric-owner --same-owner --preserve-permissions
find "$into" -type f -name '.wh..wh..opq' | while read -r mark; do
  folder=\${mark%/*}
  rm "$mark"
  for lower; do
    [ -d "$lower\${folder#"$into"}" ] || continue
    find "$lower\${folder#"$into"}" -mindepth 1 -exec sh -c '
      into=$1 lower=$2
      shift 2
      for path; do
        own=$into\${path#"$lower"}
        [ -d "\${own%/*}" ] && [ ! -L "\${own%/*}" ] || continue
        [ -e "$own" ] || [ -L "$own" ] || mknod "$own" c 0 0
      done' hide "$into" "$lower" {} +
  done
done
find "$into" -type f -name '.wh.*' -exec sh -c '
  for mark; do
    name=\${mark##*/.wh.}
    own=\${mark%/*}/$name
    rm "$mark"
    case $name in .wh.*|""|.|..) continue ;; esac
    [ -e "$own" ] || [ -L "$own" ] || mknod "$own" c 0 0
  done' hide {} +
`;
