"""The steps of diffusers' train_dreambooth.py, train_dreambooth_lora.py and train_dreambooth_lora_sdxl.py,
restated with the calls that these make (v0.40). Photos are tensors already: what the scripts spend on reading
and cropping them is left out."""
import itertools

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from diffusers import DDPMScheduler
from diffusers.optimization import get_scheduler
from peft import LoraConfig
from torch.utils.data import DataLoader

UNET_TARGETS = ['to_k', 'to_q', 'to_v', 'to_out.0', 'add_k_proj', 'add_v_proj']


class Script:
    "One of the scripts after its preparations; `step` is its loop's body."
    def __init__(self, model, pixels, prompts, lr, precision='no', rank=None,
                 checkpointing=False, optimizer='adamw', weight_decay=1e-2):
        "`pixels` and `prompts`: instance examples, then as many class examples."
        self.accelerator = Accelerator(mixed_precision=precision)
        self.model, self.lr = model, lr
        self.half = dict(no=torch.float32, bf16=torch.bfloat16, fp16=torch.float16)[precision]
        self.two, self.train_text = model.text_encoder_2 is not None, rank is None
        self.scheduler = DDPMScheduler.from_config(model.scheduler_config)
        self.lora = rank is not None
        self.place(rank, checkpointing)
        self.optimizer = self.make_optimizer(optimizer, weight_decay)
        rate = get_scheduler('constant', self.optimizer)
        ids = model.token_ids(prompts)
        rows = [dict(pixels=pixels, ids=torch.stack(ids, 1))]*2**10
        loader = DataLoader(rows, batch_size=1, collate_fn=lambda some: some[0])
        prepared = self.accelerator.prepare(self.unet, self.optimizer, loader, rate)
        self.unet, self.optimizer, loader, self.rate = prepared
        if self.train_text: self.text = self.accelerator.prepare(self.text)
        self.batches = itertools.chain.from_iterable(itertools.repeat(loader))
        self.embeds = self.read_once(ids) if self.two else None
        self.unet.train()
        if self.train_text: self.text.train()
        self.losses = []

    def place(self, rank, checkpointing):
        "Networks on the device, frozen ones in the low precision; the LoRA."
        model, device, half = self.model, self.accelerator.device, self.half
        self.vae, self.unet, self.text = model.vae, model.unet, model.text_encoder
        model.vae.requires_grad_(False)
        model.vae.to(device, torch.float32 if self.two else half) # XL's overflows in float16
        self.unet.to(device, half if rank else torch.float32)
        for _, text in model.encoders:
            text.requires_grad_(self.train_text)
            text.to(device, torch.float32 if self.train_text else half)
        self.unet.requires_grad_(rank is None)
        if rank:
            self.unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, init_lora_weights='gaussian',
                                             target_modules=UNET_TARGETS))
        if checkpointing:
            self.unet.enable_gradient_checkpointing()
            if self.train_text: self.text.gradient_checkpointing_enable()

    def make_optimizer(self, name, weight_decay):
        nets = [self.unet] + [self.text]*self.train_text
        self.params = [p for net in nets for p in net.parameters() if p.requires_grad]
        if name == 'adamw8bit':
            import bitsandbytes
            return bitsandbytes.optim.AdamW8bit(self.params, lr=self.lr, weight_decay=weight_decay)
        return torch.optim.AdamW(self.params, lr=self.lr, weight_decay=weight_decay)

    @torch.no_grad()
    def read_once(self, ids):
        "XL's script encodes prompts before its loop."
        hidden = []
        for (_, text), i in zip(self.model.encoders, ids):
            out = text(i.to(self.accelerator.device), output_hidden_states=True)
            hidden.append(out.hidden_states[-2])
        side = self.model.resolution
        sizes = torch.tensor([[side, side, 0, 0, side, side]]*len(ids[0]), device=hidden[0].device)
        return torch.cat(hidden, -1), dict(text_embeds=out.text_embeds, time_ids=sizes.to(hidden[0].dtype))

    def condition(self, ids):
        if self.two: return dict(encoder_hidden_states=self.embeds[0], added_cond_kwargs=self.embeds[1])
        return dict(encoder_hidden_states=self.text(ids[:, 0], attention_mask=None)[0])

    def step(self, given=None):
        "One optimiser step. `given`: latents, noise and timesteps instead of its own draws, to compare."
        batch = next(self.batches)
        with self.accelerator.accumulate(self.unet):
            z = self.vae.encode(batch['pixels'].to(self.vae.dtype)).latent_dist.sample()
            z = (z*self.vae.config.scaling_factor).to(self.half)
            noise = torch.randn_like(z)
            t = torch.randint(0, self.scheduler.config.num_train_timesteps, (len(z),), device=z.device).long()
            if given:
                z, noise, t = (v.to(z.device) for v in given)
                z, noise = z.to(self.half), noise.to(self.half)
            x = self.scheduler.add_noise(z, noise, t)
            answer = self.unet(x, t, return_dict=False, **self.condition(batch['ids']))[0]
            answer, answer_class = answer.chunk(2)
            wanted, wanted_class = noise.chunk(2)
            loss = F.mse_loss(answer.float(), wanted.float(), reduction='mean')
            loss = loss + 1.*F.mse_loss(answer_class.float(), wanted_class.float(), reduction='mean')
            self.accelerator.backward(loss)
            if self.accelerator.sync_gradients: self.accelerator.clip_grad_norm_(self.params, 1.)
            self.optimizer.step()
            self.rate.step()
            self.optimizer.zero_grad(set_to_none=self.lora)
        self.losses.append(loss.detach().item())
