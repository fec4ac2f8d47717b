export { crashRun } from './crash-driver.js'
export { walSubject } from './subjects/wal-subject.js'
