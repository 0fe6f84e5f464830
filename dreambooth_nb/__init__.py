__version__ = "0.1.0"

import sys
from types import ModuleType

def __getattr__(name): # names are loaded when they are asked for: nbs/craft/names.ipynb
    if name.startswith('__') and name != '__all__': raise AttributeError(name)
    from .craft.names import NAMES, find
    asker = sys._getframe(1).f_code.co_name # of Python's own, behind `from dreambooth_nb import name`
    return list(NAMES) if name == '__all__' else find(name, asker == '_handle_fromlist')

def __dir__(): return [*globals(), *__getattr__('__all__')]

class _Package(ModuleType):
    def __setattr__(self, name, value): # a room is called as the function of its name is: evaluate('run')
        f = getattr(value, 'export_model' if name == 'export' else name, None)
        if isinstance(value, ModuleType) and callable(f):
            def signature(room):
                from inspect import signature
                return signature(f)
            value.__class__ = type('Room', (ModuleType,), dict(__call__=staticmethod(f),
                                                               __signature__=property(signature)))
        super().__setattr__(name, value)

sys.modules[__name__].__class__ = _Package
