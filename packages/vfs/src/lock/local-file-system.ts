/**
 * File systems that one kernel mounts at a time, by `f_type` of statfs(2) in hexadecimal. A directory of such a file system that two
 * openers reach directly is under one kernel, whose flock excludes one of them. Network, cluster, stacked and user-space file systems
 * are not among them: other machines or other mounts reach the same directory through them.
 */
const LOCAL_TYPES: ReadonlySet<string> = new Set([
  '1021994', // tmpfs
  '858458f6', // ramfs
  'ef53', // ext2, ext3, ext4
  '58465342', // XFS
  '9123683e', // btrfs
  'ca451a4e', // bcachefs
  'f2f52010', // F2FS
  '2fc12fc1', // ZFS
  '3153464a', // JFS
  '3434', // NILFS
  '52654973', // reiserfs
  '4d44', // FAT
  '2011bab0', // exFAT
  '7366746e', // NTFS
  '73717368', // SquashFS
  'e0f5e1e2', // EROFS
  '9660', // ISO 9660
])

/** Reports whether a file system is known to be mounted by one kernel at a time. */
export function isLocalFileSystem(type: string): boolean {
  return LOCAL_TYPES.has(type)
}
