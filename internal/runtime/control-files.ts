/**
 * Files by which a kernel is asked and told things, as a port: those of control groups. What is written
 * is an order, what is read an answer; nothing of it is data.
 *
 * Faults are `FilesError`s, with the kernel's code.
 */
export type ControlFiles = {
  /** Undefined when there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** One order, by one `write`. Such a file is never created. */
  write(path: string, text: string): Promise<void>;
  /** With those above it. One that is there already is fine. */
  makeFolder(path: string): Promise<void>;
  /** One that holds nothing but control files. One that is not there is fine. */
  removeFolder(path: string): Promise<void>;
  /** The folders in a folder, by name, sorted; none when there is no such folder. */
  folders(path: string): Promise<readonly string[]>;
};
