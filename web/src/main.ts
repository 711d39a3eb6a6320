import { mount } from 'svelte'
import { instance } from './api/instance.svelte'
import App from './App.svelte'
import { keeping } from './api/keeping.svelte'
import { session } from './rooms/auth/session.svelte'
import { router } from './ui/router.svelte'
import { oncePerPress } from './ui/presses'
import './ui/tokens.css'
import './ui/base.css'

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no #app')
keeping.probe()
router.start()
oncePerPress()
session.start()
instance.start()
mount(App, { target })
