// The product page as HTML: from what the services said, or from why they said nothing.
import type { Details } from './details.ts'
import type { Review, Reviews } from './reviews.ts'

export interface PageContent {
  /** Empty when nobody is signed in. */
  readonly user: string
  /** A text says why there are none. */
  readonly details: Details | string
  readonly reviews: Reviews | string
}

export function renderPage({ user, details, reviews }: PageContent): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Bookinfo: The Comedy of Errors</title>
<style>${style}</style>
<header><strong>BookInfo</strong> <span>on a mesh without a sidecar</span>
<nav>${user === '' ? '<a href="?u=jason">sign in as jason</a>' : `${escape(user)} · <a href="?u=">sign out</a>`}</nav></header>
<main>
<h1>The Comedy of Errors</h1>
<p>One of Shakespeare's early plays: two pairs of twins, one city, and everybody is taken for somebody else.</p>
<div class="columns">
<section><h2>Details</h2>${typeof details === 'string' ? sorry('details', details) : renderDetails(details)}</section>
<section><h2>Reviews</h2>${typeof reviews === 'string' ? sorry('reviews', reviews) : renderReviews(reviews)}</section>
</div>
</main>
</html>
`
}

function renderDetails(details: Details): string {
  const facts = Object.entries(details).filter(([name]) => name !== 'id')
  const rows = facts.map(([name, value]) => `<tr><th>${escape(name)}<td>${escape(String(value))}`)
  return `<table>${rows.join('')}</table>`
}

function renderReviews({ version, instance, reviews }: Reviews): string {
  return `${reviews.map(renderReview).join('')}<footer>served by <b>reviews ${escape(version)}</b>, instance ${escape(instance)}</footer>`
}

function renderReview({ reviewer, text, stars, color, error }: Review): string {
  const shown = '★'.repeat(stars ?? 0) + (stars === undefined ? '' : '☆'.repeat(5 - stars))
  const rating =
    error === undefined ? `<span style="color:${escape(color ?? '')}">${shown}</span>` : `<em>${escape(error)}</em>`
  return `<blockquote>${escape(text)}<cite>${escape(reviewer)}</cite> ${rating}</blockquote>`
}

function sorry(what: string, reason: string): string {
  return `<p class="sorry">Sorry, product ${what} are currently unavailable for this book.<br><small>${escape(reason)}</small></p>`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

const style = `
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #222; background: #f6f7f9 }
header { display: flex; gap: .6em; align-items: baseline; padding: .7em 2em; background: #1d3557; color: #fff }
header span { color: #a8c5da } nav { margin-left: auto } nav a { color: #fff }
main { max-width: 60em; margin: 1.5em auto; padding: 0 2em } h1 { margin-bottom: 0 }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(20em, 1fr)); gap: 2em }
section { padding: .2em 1.5em 1em; border-radius: 8px; background: #fff; box-shadow: 0 1px 4px #0002 }
th { padding-right: 1.5em; text-align: left; text-transform: capitalize; font-weight: 600 }
blockquote { margin: 0 0 1em } cite { display: block; color: #567; font-style: normal } cite::before { content: '— ' }
footer { color: #789; font-size: .85em } .sorry { color: #b00020 } em { color: #b00020 }
`
