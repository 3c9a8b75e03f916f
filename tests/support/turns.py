"""Which worker takes which file next."""

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController


class FromBothEnds(LoadFileScheduling):
    """One worker takes files from the back, all others from the front.

    In front stand the files whose tests wait for servers and browsers, at the back those that only
    reckon: taken together they leave no core idle, and nobody goes to and fro between them.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node is self.nodes[-1] and len(self.nodes) > 1:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
