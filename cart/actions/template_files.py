"""Study templates that ship, read and checked."""

from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from cart.actions.template_references import check_references
from cart.actions.template_shape import TemplateError, check_shape

FOLDER = "cart.templates_study"


class _OnceLoader(yaml.SafeLoader):
    """Refuses a key that is written twice; YAML would keep the last and drop the first without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice[0]!r} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def template_names() -> list[str]:
    """Codes of the templates that ship."""
    return sorted(f.name.removesuffix(".yaml") for f in resources.files(FOLDER).iterdir() if f.name.endswith(".yaml"))


def read_template(code: str) -> dict[str, Any]:
    """Content of a template, checked.

    Raises
    ------
    TemplateError
        Unknown template, a file that cannot be read, or a wrong entry with its path.
    """
    if code not in template_names():
        raise TemplateError(f"There is no template {code!r}; known: {', '.join(template_names())}. [unknown-template]")
    return read_template_file(resources.files(FOLDER).joinpath(f"{code}.yaml"))


def read_template_file(file: Traversable) -> dict[str, Any]:
    """Content of a template's file, checked.

    Raises
    ------
    TemplateError
        The file cannot be read, is no YAML, or holds a wrong entry, with its path.
    """
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_OnceLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"Template {file.name} cannot be read as UTF-8 text: {error}. [template-file]") from error
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise TemplateError(f"Template {file.name} is no YAML: {said}. [template-yaml]") from error
    check_template(content)
    return dict(content)


def check_template(content: Any) -> None:
    """Refuse what is not a template.

    Raises
    ------
    TemplateError
        Naming the path, e.g. ``visits[2].low``.
    """
    check_shape(content)
    check_references(content)
