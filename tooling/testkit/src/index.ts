export { crashRun } from './crash-driver.js'
export { walSubject } from './subjects/wal-subject.js'
export { treeSubject } from './subjects/tree-subject.js'
export { databaseSubject } from './subjects/database-subject.js'
