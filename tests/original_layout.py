"""The names of Stable Diffusion's original layout, a second time: rules without the tables of the
package, for the notebooks that check reading and writing of single files."""
import re

import torch


def rename(name, *rules):
    for a, b in rules:
        name = re.sub(a, b, name)
    return name


def unet_name(k, crossing): # `crossing`: does each block of the upper half have attention?
    res = [(r'\.norm1\.', '.in_layers.0.'), (r'\.conv1\.', '.in_layers.2.'),
           (r'\.time_emb_proj\.', '.emb_layers.1.'), (r'\.norm2\.', '.out_layers.0.'),
           (r'\.conv2\.', '.out_layers.3.'), (r'\.conv_shortcut\.', '.skip_connection.')]
    if 'resnets' in k: k = rename(k, *res)
    return 'model.diffusion_model.' + rename(
        k,
        (r'^down_blocks\.(\d)\.(resnets|attentions)\.(\d)',
         lambda m: f'input_blocks.{3*int(m[1]) + int(m[3]) + 1}.{int(m[2] == "attentions")}'),
        (r'^down_blocks\.(\d)\.downsamplers\.0\.conv', lambda m: f'input_blocks.{3*int(m[1]) + 3}.0.op'),
        (r'^up_blocks\.(\d)\.(resnets|attentions)\.(\d)',
         lambda m: f'output_blocks.{3*int(m[1]) + int(m[3])}.{int(m[2] == "attentions")}'),
        (r'^up_blocks\.(\d)\.upsamplers\.0\.',
         lambda m: f'output_blocks.{3*int(m[1]) + 2}.{1 + crossing[int(m[1])]}.'),
        (r'^mid_block\.attentions\.0', 'middle_block.1'),
        (r'^mid_block\.resnets\.(\d)', lambda m: f'middle_block.{2*int(m[1])}'),
        (r'^time_embedding\.linear_1', 'time_embed.0'), (r'^time_embedding\.linear_2', 'time_embed.2'),
        (r'^add_embedding\.linear_1', 'label_emb.0.0'), (r'^add_embedding\.linear_2', 'label_emb.0.2'),
        (r'^conv_in', 'input_blocks.0.0'), (r'^conv_norm_out', 'out.0'), (r'^conv_out', 'out.2'))


def vae_name(k):
    return 'first_stage_model.' + rename(
        k,
        (r'down_blocks\.(\d)\.resnets', r'down.\1.block'),
        (r'down_blocks\.(\d)\.downsamplers\.0', r'down.\1.downsample'),
        (r'up_blocks\.(\d)\.resnets', lambda m: f'up.{3 - int(m[1])}.block'),
        (r'up_blocks\.(\d)\.upsamplers\.0', lambda m: f'up.{3 - int(m[1])}.upsample'),
        (r'mid_block\.resnets\.(\d)', lambda m: f'mid.block_{int(m[1]) + 1}'),
        (r'mid_block\.attentions\.0', 'mid.attn_1'), ('group_norm', 'norm'), (r'to_out\.0', 'proj_out'),
        (r'to_([qkv])\.', r'\1.'), ('conv_norm_out', 'norm_out'), ('conv_shortcut', 'nin_shortcut'))


def clip(state):
    return {'transformer.text_model.' + k.removeprefix('text_model.'): v for k, v in state.items()}


def open_clip(state): # q, k and v in one tensor; the projection transposed
    out, side = {}, {}
    for k, v in state.items():
        k = rename(k.removeprefix('text_model.'), (r'^encoder\.layers\.', 'transformer.resblocks.'),
                   (r'self_attn\.', 'attn.'), (r'layer_norm(\d)', r'ln_\1'), ('fc1', 'c_fc'),
                   ('fc2', 'c_proj'),
                   ('final_layer_norm', 'ln_final'), (r'embeddings\.token_embedding', 'token_embedding'),
                   (r'embeddings\.position_embedding\.weight', 'positional_embedding'))
        if m := re.match(r'(.*attn\.)([qkv])_proj\.(.*)', k):
            side.setdefault(f'{m[1]}in_proj_{m[3]}', {})[m[2]] = v
        elif k == 'text_projection.weight': out['model.text_projection'] = v.T
        else: out['model.' + k] = v
    return out | {'model.' + k: torch.cat([p['q'], p['k'], p['v']]) for k, p in side.items()}


def original_names(model): # name in the original layout -> tensor
    crossing = ['Cross' in b for b in model.unet.config.up_block_types]
    out = {unet_name(k, crossing): v for k, v in model.unet.state_dict().items()}
    out |= {vae_name(k): v[..., None, None] if 'attentions' in k and v.ndim == 2 else v
            for k, v in model.vae.state_dict().items()}
    one = [('cond_stage_model.', open_clip if model.text_encoder.config.hidden_act == 'gelu' else clip)]
    texts = [('conditioner.embedders.0.', clip), ('conditioner.embedders.1.', open_clip)]
    for (prefix, f), (_, e) in zip(texts if model.text_encoder_2 else one, model.encoders):
        out |= {prefix + k: v for k, v in f(e.state_dict()).items()}
    return {k: v.contiguous() for k, v in out.items()}
