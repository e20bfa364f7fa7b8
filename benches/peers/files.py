"""The files of the sample company, and what a statement needs of them."""

import re
from datetime import datetime, timezone
from pathlib import Path

SOURCES = ("aws", "azure", "anthropic", "gateway")
HAS_PERSONS = ("anthropic", "gateway")

# The columns of the two views, and where they come from.
TIMES = ("day", "week", "month")
CHARGES = {
    **dict.fromkeys(("started_at", *TIMES), "ChargePeriodStart"),
    "cost": "EffectiveCost", "service": "ServiceName", "person": "PrincipalId", "team": "Tags",
}
WORK = {**dict.fromkeys(("occurred_at", "month"), "occurred_at"), "outcome_id": "outcome_id", "team": "team"}


def provider(source):
    # The older files of this source have no ServiceProviderName; the issuer of the invoice is the same in all of them.
    return "InvoiceIssuerName" if source == "anthropic" else "ProviderName"


def views(sql):
    """The views that a statement names."""
    return {"charges", "work"} & set(re.findall(r"FROM (\w+)", sql))


def folders(sql):
    """The folders that the views of a statement read."""
    return [*SOURCES * ("charges" in views(sql)), *["outcomes"] * ("work" in views(sql))]


def columns(sql):
    """The columns that a statement needs, by folder: those of the views that it names."""
    words, needed = set(re.findall(r"\w+", re.sub("--.*", "", sql))), {}
    if "charges" in views(sql):
        # Where nobody is named no row is left.
        for source in HAS_PERSONS if "person IS NOT NULL" in sql else SOURCES:
            names = {**CHARGES, "provider": provider(source)}
            needed[source] = {column for name, column in names.items() if name in words}
    if "work" in views(sql):
        needed["outcomes"] = {column for name, column in WORK.items() if name in words}
    return needed


def instant(value):
    """A time in UTC, of a timestamp or of text."""
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    return time.replace(tzinfo=time.tzinfo or timezone.utc)


def footer_bytes(folder):
    """What the footers of all files take."""
    from pyarrow.parquet import read_metadata

    return sum(read_metadata(path).serialized_size for path in Path(folder).glob("*/*.parquet"))


def chunks(folder, sql):
    """The column chunks that a statement needs, as path, row group, columns and compressed bytes: of the row groups that are left
    by the statistics of the time when the statement bounds it, whole chunks, without footers and page indexes."""
    from pyarrow.parquet import read_metadata

    bounds = [instant(text) for text in re.findall("TIMESTAMP '(.*?)'", sql)]
    for name, needed in columns(sql).items():
        time = "occurred_at" if name == "outcomes" else "ChargePeriodStart"
        for path in sorted(Path(folder, name).glob("*.parquet")):
            metadata = read_metadata(path)
            for index in range(metadata.num_row_groups):
                group = metadata.row_group(index)
                leaves = [group.column(leaf) for leaf in range(group.num_columns)]
                span = next(leaf.statistics for leaf in leaves if leaf.path_in_schema == time)
                if bounds and span and (instant(span.max) < min(bounds) or instant(span.min) >= max(bounds)):
                    continue
                # A map has a leaf for its keys and one for its values.
                there = [leaf for leaf in leaves if leaf.path_in_schema.split(".")[0] in needed]
                found = {leaf.path_in_schema.split(".")[0] for leaf in there}
                yield path, index, sorted(found), sum(leaf.total_compressed_size for leaf in there)
