/** Asks the kernel what OCI containers want more of than they may have. */
import type { Logger } from '#internal/runtime/logger.ts';
import { LimitWatch, type LimitWatchOptions } from './limit-watch.ts';
import { memoryLimitation } from './limitation.ts';
import { memoryExceeded } from './oci-cgroup.ts';
import type { OciFolders } from './oci-folder.ts';

export function newLimitWatch(
  folders: OciFolders & { readonly logger?: Logger },
  options: LimitWatchOptions,
): LimitWatch {
  return new LimitWatch(
    {
      ...folders,
      memoryLimitation: async (containerId, { memBytes: limitBytes }) => {
        const found = await memoryExceeded(folders, containerId);
        if (found === undefined || limitBytes === undefined) return undefined;
        return memoryLimitation({ ...found, limitBytes });
      },
    },
    options,
  );
}
