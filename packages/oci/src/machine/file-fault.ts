const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the quota of the disk is used up',
  EISDIR: 'this is a directory',
  ELOOP: 'its symbolic links form a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no directory',
  EPERM: 'the system does not permit it',
  EROFS: 'the file system is read-only',
}

/** Why something could not be done with a file, in words: `permission denied`. @param cause what the operating system's call threw */
export function fileFault(cause: unknown): string {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  return WORDS[code ?? ''] ?? code ?? 'it is not as it should be'
}
