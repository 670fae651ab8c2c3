/** The pictures among many files and folders. */

/** Endings of pictures to which some systems give no type. */
const ENDINGS = /\.(heic|heif|avif|jxl|tiff?|ico|webp|bmp)$/i;

/** Pictures of a folder: the other files in it are not meant. */
export function picturesIn(files: readonly File[]): File[] {
  return files
    .filter(({ name }) => !name.startsWith("."))
    .filter(({ type, name }) => type.startsWith("image/") || (!type && ENDINGS.test(name)))
    .sort((one, other) => pathOf(one).localeCompare(pathOf(other), "en", { numeric: true }));
}

/** Path within the folder that was chosen, else the name. */
export function pathOf(file: File): string {
  return file.webkitRelativePath || file.name;
}

/** Files of dropped entries: each file itself, of folders the pictures in them. */
export async function filesOf(entries: readonly FileSystemEntry[]): Promise<File[]> {
  const found: File[] = [];
  for (const entry of entries) {
    if (entry.isFile) found.push(await fileOf(entry as FileSystemFileEntry));
    else found.push(...picturesIn(await filesBelow(entry as FileSystemDirectoryEntry)));
  }
  return found;
}

async function filesBelow(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const files: File[] = [];
  const reader = folder.createReader();
  // Browsers give 100 entries at a time.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (entries.length === 0) return files;
    for (const entry of entries) {
      if (entry.isFile) files.push(await fileOf(entry as FileSystemFileEntry));
      else files.push(...(await filesBelow(entry as FileSystemDirectoryEntry)));
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
