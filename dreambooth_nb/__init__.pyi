# Made by .ci/make_stubs.py: change the notebook.
from .run import dreambooth as dreambooth
from .run import demo as demo
from .run import Result as Result
from .craft.ready import check as check
from .craft.memory import forecast as forecast
from .craft.settings import TrainConfig as TrainConfig
from .craft.settings import presets as presets
from .craft.settings import preset as preset
from .craft.opening import load as load
from .craft.checkpoints import open_model as open_model
from .cfg_sampler import sample as sample
from .craft.pictures import grid as grid
from .studio import Studio as Studio
from .evaluate import evaluate as evaluate
from .export import export_model as export_model
from .export import push_to_hub as push_to_hub
from .core import UserError as UserError
__version__: str
__all__ = ['dreambooth', 'demo', 'Result', 'check', 'forecast', 'TrainConfig', 'presets', 'preset', 'load', 'open_model', 'sample', 'grid', 'Studio', 'evaluate', 'export_model', 'push_to_hub', 'UserError']
