__version__ = "0.1.0"

def __getattr__(name): # names are loaded when they are asked for: nbs/craft/names.ipynb
    if name.startswith('__') and name != '__all__': raise AttributeError(name)
    from .craft.names import NAMES, find
    return list(NAMES) if name == '__all__' else find(name)

def __dir__(): return [*globals(), *__getattr__('__all__')]
