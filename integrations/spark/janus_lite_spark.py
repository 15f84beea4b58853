"""janus-lite for Spark: formulas from a column of bytes, by `mapInPandas`.

    pictures = spark.read.format("binaryFile").load("pictures/").select("path", "content")
    pictures.mapInPandas(formulas("content"), schema(pictures, "content"))
"""

from pyspark.sql.types import DoubleType, StringType, StructField, StructType

from janus_lite_worker import Worker, picture_request, reading

ADDED = [("latex", StringType()), ("confidence", DoubleType()), ("error", StringType())]


def schema(frame, column):
    """Columns of `frame` without the pictures, and those that `formulas` adds."""
    kept = [field for field in frame.schema.fields if field.name != column]
    return StructType(kept + [StructField(name, kind, True) for name, kind in ADDED])


def formulas(column, **worker):
    """A function for `mapInPandas`: takes pictures' files out of a column of bytes, and adds the columns `latex`,
    `confidence` and `error`. A partition has one worker.

    Whatever happens to a picture, it has one row: `error` says why there is no `latex`.
    """

    def read(frames):
        process = Worker(**worker)
        try:
            for frame in frames:
                requests = [picture_request(data) for data in frame[column]]
                rows = [reading(answer) for answer in process.ask(requests)]
                frame = frame.drop(columns=[column])
                for number, (name, kind) in enumerate(ADDED):
                    values = [row[number] for row in rows]
                    frame[name] = [float("nan") if v is None else v for v in values] if name == "confidence" else values
                yield frame
        finally:
            process.close()

    return read
