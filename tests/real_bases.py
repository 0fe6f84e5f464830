"""Bases at their real size, each made of its configuration (nbs/craft/choices.ipynb and others): to be called
where torch makes no numbers, on the `meta` device."""
import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from transformers import BatchEncoding, CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from dreambooth_nb.craft.opening import skeleton
from dreambooth_nb.model import StableDiffusion

FLOW = dict(_class_name='FlowMatchEulerDiscreteScheduler')


def clip(width, layers, heads, act, kind=CLIPTextModelWithProjection): # CLIP-L and CLIP-G
    return kind(CLIPTextConfig(hidden_size=width, intermediate_size=4*width, projection_dim=width,
                               num_hidden_layers=layers, num_attention_heads=heads, hidden_act=act))


def small(kind=CLIPTextModelWithProjection):
    return clip(768, 12, 12, 'quick_gelu', kind)


def large():
    return clip(1280, 32, 20, 'gelu')


def t5(): # T5-XXL
    return transformers.T5EncoderModel(transformers.T5Config(
        d_model=4096, d_ff=10240, num_layers=24, num_heads=64, feed_forward_proj='gated-gelu'))


def qwen(kind): # Qwen3 of 4 billion
    return kind(transformers.Qwen3Config(
        hidden_size=2560, intermediate_size=9728, num_hidden_layers=36, num_attention_heads=32,
        num_key_value_heads=8, head_dim=128, tie_word_embeddings=True))


def vae(channels=4, side=512):
    return AutoencoderKL(
        block_out_channels=[128, 256, 512, 512], layers_per_block=2, latent_channels=channels,
        sample_size=side, down_block_types=['DownEncoderBlock2D']*4,
        up_block_types=['UpDecoderBlock2D']*4)


def reads(n): # a tokenizer as far as a forecast needs one: every prompt has n tokens
    def ids(prompts, **how):
        zeros = torch.zeros(len(prompts), n, dtype=torch.long)
        return BatchEncoding(dict(input_ids=zeros, attention_mask=zeros))
    return ids


class Spelled: # the same of a chat's
    def apply_chat_template(self, messages, **how):
        return messages[0]['content']

    def __call__(self, text, padding=None, **how):
        return reads(512)(text) if padding else BatchEncoding(dict(input_ids=[0]*64))


def words(): # CLIP's tokenizer, which reads 77 tokens
    found = skeleton('micro').tokenizer
    found.model_max_length = 77
    return found


def flow(name, tokenizer, text, vae, transformer, **more):
    return StableDiffusion(tokenizer, text, vae, None, FLOW, name, transformer=transformer, **more)


def unet(blocks, **how): # blocks: which of them attend to words
    names = ['CrossAttn{}Block2D' if attends else '{}Block2D' for attends in blocks]
    return UNet2DConditionModel(down_block_types=[n.format('Down') for n in names],
                                up_block_types=[n.format('Up') for n in names[::-1]], **how)


def diffusion(name, vae, unet, **more):
    own = skeleton('micro').scheduler_config
    return StableDiffusion(words(), small(CLIPTextModel), vae, unet, own, name, **more)


def sd15(): # Stable Diffusion 1.5
    net = unet([True, True, True, False], sample_size=64, block_out_channels=[320, 640, 1280, 1280],
               cross_attention_dim=768, attention_head_dim=8)
    return diffusion('sd15', vae(), net)


def sdxl(): # Stable Diffusion XL
    net = unet([False, True, True], sample_size=128, block_out_channels=[320, 640, 1280],
               cross_attention_dim=2048, attention_head_dim=[5, 10, 20], use_linear_projection=True,
               transformer_layers_per_block=[1, 2, 10], addition_embed_type='text_time',
               addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816)
    return diffusion('sdxl', vae(side=1024), net, tokenizer_2=words(), text_encoder_2=large())


def sd35(): # Stable Diffusion 3.5 medium
    net = diffusers.SD3Transformer2DModel(
        num_layers=24, num_attention_heads=24, attention_head_dim=64, caption_projection_dim=1536,
        pos_embed_max_size=384, qk_norm='rms_norm', dual_attention_layers=tuple(range(13)))
    return flow('sd35', words(), small(), vae(16, 1024), net, tokenizer_2=words(), text_encoder_2=large(),
                tokenizer_3=reads(256), text_encoder_3=t5())


def flux(): # FLUX.1 [dev]
    return flow('flux', words(), small(CLIPTextModel), vae(16, 1024),
                diffusers.FluxTransformer2DModel(guidance_embeds=True), tokenizer_2=reads(512),
                text_encoder_2=t5())


def zimage():
    return flow('zimage', Spelled(), qwen(transformers.Qwen3Model), vae(16, 1024),
                diffusers.ZImageTransformer2DModel())


def klein(): # FLUX.2 klein of 4 billion
    net = diffusers.Flux2Transformer2DModel(num_layers=5, num_single_layers=20, num_attention_heads=24,
                                            joint_attention_dim=7680, guidance_embeds=False)
    return flow('klein', Spelled(), qwen(transformers.Qwen3ForCausalLM), diffusers.AutoencoderKLFlux2(), net)


def floyd(name, side, channels, layers, blocks, **more): # DeepFloyd IF
    cross, plain = 'SimpleCrossAttn{}Block2D', 'Resnet{}sampleBlock2D'
    down = [cross.format('Down')]*blocks
    up = [cross.format('Up')]*blocks
    net = UNet2DConditionModel(
        sample_size=side, out_channels=6, block_out_channels=channels, layers_per_block=layers,
        down_block_types=[plain.format('Down')]*(len(channels) - blocks) + down,
        up_block_types=up + [plain.format('Up')]*(len(channels) - blocks),
        mid_block_type='UNetMidBlock2DSimpleCrossAttn', act_fn='gelu', attention_head_dim=64,
        encoder_hid_dim=4096, addition_embed_type='text', cross_attention_dim=channels[-1],
        cross_attention_norm='group_norm', resnet_time_scale_shift='scale_shift', **more)
    noise = dict(beta_schedule='squaredcos_cap_v2')
    second = dict(image_noising_scheduler=DDPMScheduler(**noise)) if name == 'if2' else {}
    return StableDiffusion(reads(77), t5(), None, net, noise, name, **second)


def if1(): # IF-I-XL
    return floyd('if1', 64, [704, 1408, 2112, 2816], 3, 3, in_channels=3)


def if2(): # IF-II-L
    return floyd('if2', 256, [160, 320, 640, 960, 1280], [2, 2, 3, 5, 5], 2, in_channels=6,
                 class_embed_type='timestep', resnet_skip_time_act=True, resnet_out_scale_factor=2**.5,
                 mid_block_scale_factor=2**.5)
