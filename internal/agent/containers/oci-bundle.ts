/** Everything that lies ready before a container is made: sandbox, image, user, folders, config.json. */
import type { User } from '#internal/runtime/processes.ts';
import { ContainerError, type ContainerSpec } from '../containerizer.ts';
import type { Image } from '../images/image.ts';
import { imageNameOf } from '../images/image-name.ts';
import type { Oci } from './oci-machine.ts';
import { type BundleMount, type SandboxPlace, runtimeSpec } from './oci-config.ts';
import { folderOf, writeText } from './oci-folder.ts';
import { type InitStreams, initShell } from './oci-init.ts';
import { type ContainerUser, type Registers, findUser } from './oci-user.ts';
import { mountsFor } from './oci-volumes.ts';
import { hasStreams } from './posix-streams.ts';
import { type Sandbox, sandboxOf } from './sandbox.ts';

/** Where containers with an image see their sandbox. */
const sandboxPath = '/mnt/mesos/sandbox';

/** Throws `ContainerError` when what is asked for cannot be. */
export async function prepareBundle(oci: Oci, spec: ContainerSpec): Promise<void> {
  const image = await imageOf(oci, spec);
  const user = await userOf(oci, spec, image);
  const owner = { name: String(user.uid), ...user };
  const sandbox = sandboxOf(oci.workFolder, spec);
  await makeSandbox(oci, sandbox, owner);
  await fetchInto(oci, spec, sandbox, owner);
  const place: SandboxPlace = {
    folder: sandbox.folder,
    path: image === undefined ? sandbox.folder : sandboxPath,
  };
  const parentSandbox = spec.parentId === undefined ? undefined : sandbox.run;
  const mounts = await mountsFor(
    { fileTree: oci.fileTree, workFolder: oci.workFolder, sandbox: place, parentSandbox, owner },
    spec,
  );
  const folder = folderOf(oci, spec.containerId);
  for (const name of ['root', 'upper', 'work', 'exit']) {
    await oci.fileTree.makeFolder(`${folder}/${name}`, undefined);
  }
  const note = `${folder}/note`;
  await writeText(oci, note, '');
  const cgroup = cgroupOf(oci, spec);
  if (spec.parentId !== undefined)
    await writeText(oci, `${folder}/pod`, `${podCgroup(oci, spec.parentId)}\n`);
  const config = runtimeSpec({
    spec,
    image: image?.config,
    user,
    rootFolder: `${folder}/root`,
    sandbox: place,
    init: initShell(oci.shell, note, streamsOf(spec)),
    mounts: [...(image === undefined ? [] : await namesOfMachine(oci)), ...mounts],
    cgroup,
    usualPath: oci.usualPath,
    bounds: oci,
  });
  await writeText(oci, `${folder}/config.json`, JSON.stringify(config));
  await writeText(oci, `${folder}/cgroup`, `${cgroup}\n`);
  await writeText(
    oci,
    `${folder}/owner`,
    `${user.uid}:${user.gid}
`,
  );
  await writeText(
    oci,
    `${folder}/layers`,
    `${image?.layers.join(':') ?? ''}
`,
  );
  await writeText(oci, `${folder}/image`, image?.digest ?? '');
}

const streamsOf = (spec: ContainerSpec): InitStreams => (hasStreams(spec) ? 'inherited' : 'files');

/** Undefined: it needs none. */
async function imageOf(
  { images }: Oci,
  { containerId, container }: ContainerSpec,
): Promise<Image | undefined> {
  const name = imageNameOf(container);
  return name === undefined ? undefined : await images.provision(name, containerId);
}

async function userOf(
  oci: Oci,
  { user }: ContainerSpec,
  image: Image | undefined,
): Promise<ContainerUser> {
  const machine = await registersOf(oci, ['/']);
  const folders = image?.layers.map((layer) => `${oci.images.folder}/${layer}`) ?? [];
  const own = image === undefined ? machine : await registersOf(oci, folders);
  const asked = oci.switchUser ? user : undefined;
  const usual = image?.config.user === '' ? undefined : image?.config.user;
  return findUser(asked ?? usual ?? '0', own, machine);
}

/** Of the topmost layer that has them. */
async function registersOf(oci: Oci, layers: readonly string[]): Promise<Registers> {
  const read = async (name: string): Promise<string> => {
    for (const layer of layers) {
      const text = await textWithin(oci, layer, name);
      if (text !== undefined) return text;
    }
    return '';
  };
  return { passwd: await read('etc/passwd'), group: await read('etc/group') };
}

/** An image may make a link of it, which leads anywhere. */
async function textWithin(
  { fileTree }: Oci,
  folder: string,
  name: string,
): Promise<string | undefined> {
  const path = await fileTree.resolve(`${folder}/${name}`);
  const top = await fileTree.resolve(folder);
  if (path === undefined || top === undefined) return undefined;
  const within = top === '/' ? '' : top;
  if (!path.startsWith(`${within}/`) || (await fileTree.look(path))?.kind !== 'file')
    return undefined;
  const bytes = await fileTree.read(path, { offset: 0, length: registerBytesMax, within });
  return new TextDecoder().decode(bytes);
}

const registerBytesMax = 1024 * 1024;

async function fetchInto(
  { fetcher }: Oci,
  { containerId, frameworkId, uris }: ContainerSpec,
  { folder: sandboxFolder }: Sandbox,
  user: User,
): Promise<void> {
  if (uris.length === 0) return;
  if (fetcher === undefined) throw new ContainerError('This agent fetches no URIs');
  await fetcher.fetch({ containerId, sandboxFolder, user, uris, frameworkId });
}

async function makeSandbox({ fileTree }: Oci, sandbox: Sandbox, owner: User): Promise<void> {
  // Tasks of one executor may share what they put there.
  await fileTree.makePath(sandbox.run, owner);
  await fileTree.makeFolder(sandbox.folder, owner);
  await fileTree.link(sandbox.latest, sandbox.run);
  if (sandbox.byTask === undefined) return;
  await fileTree.makeFolder(`${sandbox.run}/tasks`, undefined);
  await fileTree.link(sandbox.byTask, sandbox.folder);
}

/** Those of the machine whose network it has; an image cannot know them. */
async function namesOfMachine({ fileTree }: Oci): Promise<readonly BundleMount[]> {
  const mounts: BundleMount[] = [];
  for (const destination of ['/etc/hosts', '/etc/resolv.conf']) {
    const source = await fileTree.resolve(destination);
    if (source !== undefined) mounts.push({ source, destination, isReadOnly: true });
  }
  return mounts;
}

/** As in Mesos: what is nested lies below what it is nested in, which bounds it too. */
function cgroupOf(options: Oci, { containerId, parentId }: ContainerSpec): string {
  const above = parentId === undefined ? '' : podCgroup(options, parentId);
  return `${above}/${options.cgroupsRoot}/${containerId}`;
}

const podCgroup = ({ cgroupsRoot }: Oci, parentId: string): string => `/${cgroupsRoot}/${parentId}`;
