"""janus-lite for Ray Data: an actor that reads formulas from a column of bytes.

    dataset = ray.data.read_binary_files("pictures/", include_paths=True)
    dataset.map_batches(
        FormulaActor, fn_constructor_kwargs={"threads": 1}, batch_format="pyarrow",
        batch_size=64, concurrency=2, num_cpus=1)
"""

import pyarrow

from janus_lite_worker import Worker, picture_request, reading


class FormulaActor:
    """For `Dataset.map_batches` with the batch format `pyarrow`: takes pictures' files out of a column of bytes, and
    adds the columns `latex`, `confidence` and `error`.

    Whatever happens to a picture, it has one row: `error` says why there is no `latex`.
    """

    def __init__(self, column="bytes", keeps_pictures=False, **worker):
        self.column = column
        self.keeps_pictures = keeps_pictures
        self.worker = Worker(**worker)

    def __call__(self, table):
        answers = self.worker.ask([picture_request(data.as_py()) for data in table[self.column]])
        latex, confidence, error = zip(*map(reading, answers)) if answers else ((), (), ())
        if not self.keeps_pictures:
            table = table.drop_columns([self.column])
        # With types: a block without an error is no other table than one with.
        table = table.append_column("latex", pyarrow.array(latex, pyarrow.string()))
        table = table.append_column("confidence", pyarrow.array(confidence, pyarrow.float64()))
        return table.append_column("error", pyarrow.array(error, pyarrow.string()))

    def __del__(self):
        worker = getattr(self, "worker", None)
        if worker is not None:
            worker.close()
