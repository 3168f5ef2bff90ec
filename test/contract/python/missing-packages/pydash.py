"""The four functions of pydash that azure-ai-ml calls, for systems that package azure-ai-ml without it.

On the path only where the real pydash is missing; azure-ai-ml itself is used as it is.
"""
import types

_MISSING = object()


def _keys(path):
    if isinstance(path, str):
        return path.replace("[", ".").replace("]", "").split(".")
    return list(path)


def _step(value, key):
    if isinstance(value, dict):
        return value.get(key, _MISSING)
    if isinstance(value, (list, tuple)) and str(key).lstrip("-").isdigit():
        return value[int(key)] if -len(value) <= int(key) < len(value) else _MISSING
    return getattr(value, str(key), _MISSING)


def get(value, path, default=None):
    """The value at a path such as `a.b[0]`, or the default."""
    for key in _keys(path):
        value = _step(value, key)
        if value is _MISSING:
            return default
    return value


def set_(value, path, new):
    """Sets the value at a path, making dictionaries on the way."""
    *parents, last = _keys(path)
    current = value
    for key in parents:
        following = _step(current, key)
        if following is _MISSING:
            following = current[key] = {}
        current = following
    if isinstance(current, list):
        current[int(last)] = new
    else:
        current[last] = new
    return value


def omit(value, *keys):
    """A dictionary without these keys, given singly or as a list."""
    left_out = {one for key in keys for one in (key if isinstance(key, (list, tuple)) else [key])}
    return {key: item for key, item in value.items() if key not in left_out}


objects = types.SimpleNamespace(get=get, set_=set_, omit=omit)
