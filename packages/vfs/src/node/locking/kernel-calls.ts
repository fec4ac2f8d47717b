// What `#lock-calls` is on Node.js: the locks of the kernel that it has no call for.

export { tryFlock } from './flock.js'
export { bindLockSocket } from './lock-socket.js'
