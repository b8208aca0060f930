import type { ImageSet } from './image-set.ts'

export interface Lock {
  readonly kind: 'Lock'
}
export declare function readLock(text: string): ImageSet
