"""Models of the sizes that are measured, made from their configurations: nothing is downloaded."""
import copy

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from dreambooth_nb.model import StableDiffusion, quiet
from dreambooth_nb.craft.bases import find_base
from dreambooth_nb.craft.opening import load

SCHEDULE = dict(_class_name='DDIMScheduler', num_train_timesteps=1000, beta_start=.00085, beta_end=.012,
                beta_schedule='scaled_linear', clip_sample=False, set_alpha_to_one=False, steps_offset=1,
                prediction_type='epsilon')

UNET = dict(sd15=dict(sample_size=64, block_out_channels=(320, 640, 1280, 1280), layers_per_block=2,
                      down_block_types=('CrossAttnDownBlock2D',)*3 + ('DownBlock2D',),
                      up_block_types=('UpBlock2D',) + ('CrossAttnUpBlock2D',)*3,
                      cross_attention_dim=768, attention_head_dim=8),
            sdxl=dict(sample_size=128, block_out_channels=(320, 640, 1280), layers_per_block=2,
                      down_block_types=('DownBlock2D',) + ('CrossAttnDownBlock2D',)*2,
                      up_block_types=('CrossAttnUpBlock2D',)*2 + ('UpBlock2D',),
                      cross_attention_dim=2048, attention_head_dim=(5, 10, 20),
                      transformer_layers_per_block=(1, 2, 10), use_linear_projection=True,
                      addition_embed_type='text_time', addition_time_embed_dim=256,
                      projection_class_embeddings_input_dim=2816))
# their layers at a tenth of the width: whether a row runs is seen in seconds
UNET['tiny'] = UNET['sd15'] | dict(sample_size=8, block_out_channels=(32, 64, 128, 128),
                                   cross_attention_dim=64, norm_num_groups=8)
UNET['tinyxl'] = UNET['sdxl'] | dict(sample_size=16, block_out_channels=(32, 64, 128), norm_num_groups=8,
                                     cross_attention_dim=128, attention_head_dim=(2, 4, 8),
                                     addition_time_embed_dim=32,
                                     projection_class_embeddings_input_dim=256)

VAE = dict(block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4,
           down_block_types=('DownEncoderBlock2D',)*4, up_block_types=('UpDecoderBlock2D',)*4)
VAES = dict(sd15=VAE | dict(sample_size=512, scaling_factor=.18215),
            sdxl=VAE | dict(sample_size=1024, scaling_factor=.13025),
            tiny=VAE | dict(sample_size=64, scaling_factor=.18215, block_out_channels=(16, 32, 64, 64),
                            norm_num_groups=8))
VAES['tinyxl'] = VAES['tiny']

TEXT = dict(vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
            num_attention_heads=12, max_position_embeddings=77, projection_dim=768, hidden_act='quick_gelu')
TEXTS = dict(sd15=TEXT, sdxl=TEXT,
             tiny=TEXT | dict(hidden_size=64, intermediate_size=128, num_hidden_layers=2,
                              num_attention_heads=4))
TEXTS['tinyxl'] = TEXTS['tiny']
TEXTS_2 = dict(sdxl=TEXT | dict(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32,
                                num_attention_heads=20, projection_dim=1280, hidden_act='gelu'),
               tinyxl=TEXTS['tiny'] | dict(projection_dim=64))


def _text(cls, tokenizer, config):
    marks = dict(bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=1)
    return cls(CLIPTextConfig(**config | marks))


def make(shape, device='cpu', dtype=torch.float32, seed=0):
    """A model: "micro" with its weights; another with random ones, and the words of "micro" in chunks of 77.
    The VAE is in float32, as ours always is."""
    if shape == 'micro': return load('micro', str(device), dtype)
    with quiet(), torch.device(device):
        torch.manual_seed(seed)
        words = CLIPTokenizer.from_pretrained(f'{find_base()}/tokenizer', model_max_length=77)
        parts = dict(tokenizer=words, text_encoder=_text(CLIPTextModel, words, TEXTS[shape]).to(dtype))
        if shape in TEXTS_2:
            parts |= dict(tokenizer_2=copy.deepcopy(words),
                          text_encoder_2=_text(CLIPTextModelWithProjection, words, TEXTS_2[shape]).to(dtype))
        unet = UNet2DConditionModel(in_channels=4, out_channels=4, **UNET[shape]).to(dtype)
        vae = AutoencoderKL(**VAES[shape])
    parts |= dict(vae=vae, unet=unet, scheduler_config=dict(SCHEDULE))
    return StableDiffusion(**parts, name=f'random {shape}')
