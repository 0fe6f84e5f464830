"""Where each setting acts, and what it changes: one table, followed row by row.

A row is `who | context > flag | changes`. A run with the words of the context is compared with one that has
the flag as well; what is listed changes, and nothing else. `who` reads the field: `train`, followed in
chapter 04 through a run's parts; or the `door` between photos and training, followed in craft/wiring
through the records that pass it, from the command line; `apart`: what needs a package or a device that is
not here, and where stand-ins prove it. A field of TrainConfig without a row is an error in craft/wiring.
"""
import yaml

LONG = 'a,'*50  # more than a window of tokens
TABLE = '''
train | --output_dir WORK/named | folder
train | --seed 1 | timesteps input loss gradient
train | --train lora --min_timestep 500 --max_timestep 501 > --seed 1 | start input loss gradient
train | --train unet > --train attention | trained gradient
train | --max_train_steps 3 | steps checkpoints ends
train | --train unet | trained gradient rates decay moved
train | --train_text_encoder false | trained gradient rates decay moved
train | --train token --placeholder_token <toy> --initializer_token dog >\
    --placeholder_token <cup> | words loss gradient
train | --train token --placeholder_token <toy> --initializer_token dog >\
    --initializer_token cat | start loss gradient
train | --train lora > --rank 4 | trained start gradient
train | --train lora > --lora_alpha 4.0 | lora gradient
train | --train lora > --lora_dropout 0.5 | lora gradient
train | --train lora > --lora_targets linear | lora trained start gradient
train | --train lora > --use_dora | lora trained gradient
train | --gradient_checkpointing | recompute
train | --attention eager | attention
train | --linear_by_onednn | linear
train | --mixed_precision bf16 | precision loss gradient
train | --gradient_accumulation_steps 2 | calls loss gradient
train | --optimizer sgd | optimizer options
train | --learning_rate 0.005 | rates
train | --text_encoder_lr 0.005 | rates
train | --lr_scheduler linear | rates
train | --lr_scheduler constant_with_warmup > --lr_warmup_steps 2 | rates
train | --stop_text_encoder_training 1 | moved
train | --lr_scheduler cosine_with_restarts > --lr_num_cycles 2 | rates
train | --gradient_accumulation_steps 2 > --scale_lr | rates
train | --lr_scheduler polynomial > --lr_power 2.0 | rates
train | --adam_beta1 0.5 | options
train | --adam_beta2 0.9 | options
train | --adam_epsilon 0.001 | options
train | --adam_weight_decay_text_encoder 0.5 | decay
train | --max_train_steps null --num_train_epochs 2 > --num_train_epochs 4 | steps checkpoints ends
train | --max_train_steps null --num_train_epochs 2 > --repeats 4 | steps checkpoints ends
train | --adam_weight_decay 0.1 | decay
train | --max_grad_norm 2.0e-5 | clip
train | --use_ema | ema ends
train | --use_ema > --ema_decay 0.5 | ema
train | --prior_loss_weight 0.5 | loss gradient
train | --loss_type huber | loss gradient
train | --loss_type huber > --huber_schedule constant | loss gradient
train | --loss_type huber > --huber_c 0.2 | loss gradient
train | --snr_gamma 1.0 | loss gradient
train | --debiased | loss gradient
train | --noise_offset 0.1 | input loss gradient
train | --pyramid_discount 0.5 | input loss gradient
train | --input_perturbation 0.1 | input loss gradient
train | --min_timestep 900 | timesteps input loss gradient
train | --max_timestep 90 | timesteps input loss gradient
train | --timestep_bias_strategy later --timestep_bias_multiplier 1.0e+6 >\
    --timestep_bias_strategy earlier | timesteps input loss gradient
train | --timestep_bias_strategy later --timestep_bias_multiplier 1.0e+6 >\
    --timestep_bias_portion 0.01 | timesteps input loss gradient
train | --timestep_bias_strategy later --timestep_bias_multiplier 1.01 >\
    --timestep_bias_multiplier 1.0e+6 | timesteps input loss gradient
train | --timestep_bias_strategy range --timestep_bias_multiplier 1.0e+6 >\
    --timestep_bias_begin 900 | timesteps input loss gradient
train | --timestep_bias_strategy range --timestep_bias_multiplier 1.0e+6 >\
    --timestep_bias_end 90 | timesteps input loss gradient
train | --timestep_strata 8 | timesteps input loss gradient
train | --weighting_scheme logit_normal | timesteps input loss gradient
train | --weighting_scheme logit_normal > --logit_mean 2.0 | timesteps input loss gradient
train | --weighting_scheme logit_normal > --logit_std 0.1 | timesteps input loss gradient
train | --weighting_scheme mode > --mode_scale 0.0 | timesteps input loss gradient
train | --checkpoints_total_limit 9 > --checkpointing_steps 1 | checkpoints
train | --max_train_steps 6 --checkpointing_steps 1 > --checkpoints_total_limit 3 | checkpoints
train | --report_to tensorboard | trackers
train | --report_to tensorboard > --logging_dir mine | trackers
train | --max_train_steps 6 --checkpointing_steps 1 --validation_steps 3 > --validation_steps 2 | looks
train | --max_train_steps 6 --checkpointing_steps 1 --validation_steps 1 --learning_rate 0.1 \
    --max_grad_norm 1.0 > --early_stopping_patience 1 | steps looks checkpoints ends
train | --max_train_steps 6 --checkpointing_steps 1 --validation_steps 1 --learning_rate 0.1 \
    --max_grad_norm 1.0 > --load_best_at_end | ends
door | --instance_data_dir WORK/fewer | photos log weights
door | --instance_prompt x | photos log weights
door | --pretrained_model_name_or_path WORK/tiny2 | load pool log weights
door | --class_prompt y | photos pool log weights
door | --class_data_dir WORK/dogs | drawn photos pool sample files log weights
door | --concepts_list WORK/one.yaml | photos pool files log weights
door | --with_prior_preservation false | drawn fill photos pool sample files log weights
door | --num_class_images 5 | drawn fill photos files log weights
door | --max_train_steps 3 >\
    --refresh_class_images_every 1 --refresh_class_images 2 | drawn fill photos files log weights
door | --refresh_class_images_every 1 --num_class_images 9 >\
    --refresh_class_images 1 | drawn fill photos files log weights
door | --resolution 32 | geometry log weights
door | --center_crop false | geometry log weights
door | --center_crop false > --num_crops 2 | geometry log weights
door | --aspect_ratio_buckets | geometry log weights
door | --random_flip | geometry log weights
door | --use_masks | photos log weights
door | --cache_dir WORK/latents | photos
door | --train lora | run files log rates weights
door | --train_batch_size 1 | batches log weights
door | --seed 1 | batches geometry log weights
door | --num_held_out 1 | photos files log weights
door | --resume_from_checkpoint WORK/cut_off/checkpoint-1 | run
door | --sample_batch_size 1 | fill sample
door | --class_guidance_scale 1 | pool sample
door | --original_config x | load
door | --variant fp16 | load
door | --revision x | load
door | --allow_pickle | load
door | --lora_base me/x | load
door | --prior_generation_precision bf16 | pool
door | --pretrained_vae_model_name_or_path WORK/tiny2 | load
door | --resolution 32 > --image_interpolation_mode nearest | geometry log weights
door | --instance_prompt a,b,c,d > --shuffle_caption | batches log weights
door | --instance_prompt a,b,c,d --shuffle_caption > --keep_tokens 3 | batches log weights
door | --caption_dropout_rate .9 | batches log weights
door | --clip_skip 1 | pool log weights
door | --instance_prompt LONG > --max_token_length 150 | log weights
door | --train lora --lora_targets all > --conv_rank 2 | log weights
door | --train lora --lora_targets all --conv_rank 4 > --conv_alpha 2 | log weights
door | --allow_tf32 |
door | --validation_prompt x | files
door | --validation_prompt x > --num_validation_images 2 | files
door | --validation_prompt x > --validation_guidance_scale 2 | files
door | --evaluation_steps 1 | log
door | --train_text_encoder false > --skip_save_text_encoder | files weights
door | --train lora > --output_kohya_format | files weights
apart | --prodigy_beta3 .9 | craft/optimizers
apart | --prodigy_decouple false | craft/optimizers
apart | --prodigy_use_bias_correction false | craft/optimizers
apart | --prodigy_safeguard_warmup false | craft/optimizers
apart | --dataset_name x/y | craft/datasets
apart | --dataset_config_name x | craft/datasets
apart | --image_column x | craft/datasets
apart | --caption_column x | craft/datasets
apart | --cuda_graphs | craft/memory
apart | --validation_prompt x > --validation_images small.png | craft/pixel_space
apart | --validation_prompt x > --validation_solver ddpm | craft/pixel_space
apart | --train lora > --quantization bitsandbytes_4bit | craft/quantization
'''


def wires(who, **names):
    "The rows of one reader: the words of the context, those of the flag, what changes; names are replaced."
    rows = []
    for line in TABLE.replace('LONG', LONG).strip().splitlines():
        reader, flags, changes = (part.strip() for part in line.split('|'))
        for name, value in names.items():
            flags = flags.replace(name, str(value))
        context, _, flag = flags.rpartition(' > ')
        if reader == who: rows.append((context.split(), flag.split(), {*changes.split()}))
    return rows


def settings(words):
    "Words of a command line as settings: a flag without a value is on."
    found = {}
    for word in words:
        if word.startswith('--'): name, value = word[2:], True
        else: value = yaml.safe_load(word)
        found[name] = value
    return found
