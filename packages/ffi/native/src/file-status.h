/* file-status.h: stores the status of a file for the bundle. */
#ifndef LDB_FILE_STATUS_H
#define LDB_FILE_STATUS_H

#include <sys/stat.h>

#include "engine.h"

/* Stores kind (1 file, 2 directory, 3 other), length, device and inode: 64 bits each, in the byte order of the machine. */
double ldb_store_status(const struct stat *status, struct ldb_bytes target);

#endif
