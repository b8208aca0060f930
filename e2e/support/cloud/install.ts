import setup from '../install.ts'

export default setup
