"""Log lines as JSON: what happened and to which row, never a subject's values."""

import json
import logging

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN = (str, int, float, bool, type(None))


class LineFormatter(logging.Formatter):
    """One JSON object per record; ``extra`` fields that are plain values are kept."""

    def format(self, record: logging.LogRecord) -> str:
        """Record as a line."""
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= {
            name: value for name, value in vars(record).items() if name not in _STANDARD and isinstance(value, _PLAIN)
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
