/**
 * Why a timer or a wait is aborted that nobody is interested in any more: `controller.abort(noMore)`. Without a reason each
 * abort makes a DOMException with its stack, which costs more than the timer.
 */
export const noMore = new Error('nobody waits for it any more')
