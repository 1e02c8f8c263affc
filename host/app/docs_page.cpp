#include "app/docs_page.hpp"

namespace patchbay::app {

std::string_view docs_page() {
  return R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Patchbay API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1b1f24;background:#fff}
h1{font-size:1.5rem} h2{margin-top:2rem;border-bottom:1px solid #d0d7de;text-transform:capitalize}
details{border:1px solid #d0d7de;border-radius:6px;margin:.4rem 0;padding:.4rem .7rem}
summary{cursor:pointer} code{font:13px ui-monospace,monospace} .m{display:inline-block;width:4.2rem;font-weight:600}
pre{background:#f6f8fa;padding:.6rem;overflow:auto;border-radius:6px} .s{color:#57606a}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}details,h2{border-color:#30363d}pre{background:#161b22}.s{color:#9198a1}}
</style></head><body><h1>Patchbay API</h1><p class="s" id="about">Loading the description…</p><main id="list"></main>
<script>
const text=(tag,value,cls)=>{const e=document.createElement(tag);e.textContent=value;if(cls)e.className=cls;return e};
fetch(location.pathname.replace(/docs$/,'openapi.json')).then(r=>r.json()).then(api=>{
  document.getElementById('about').textContent=api.info.title+' '+api.info.version+', OpenAPI '+api.openapi;
  const groups={};
  for(const [path,methods] of Object.entries(api.paths))for(const [method,op] of Object.entries(methods))
    (groups[(op.tags||['other'])[0]]??=[]).push([method,path,op]);
  const list=document.getElementById('list');
  for(const tag of Object.keys(groups).sort()){
    list.append(text('h2',tag));
    for(const [method,path,op] of groups[tag]){
      const d=document.createElement('details'),s=document.createElement('summary');
      s.append(text('span',method.toUpperCase(),'m'),text('code',path),text('span',' '+(op.summary||''),'s'));
      d.append(s);
      d.addEventListener('toggle',()=>{if(d.open&&d.children.length===1)d.append(text('pre',JSON.stringify(op,null,2)))});
      list.append(d);
    }
  }
}).catch(e=>{document.getElementById('about').textContent='The description could not be loaded: '+e});
</script>
<noscript>This page needs JavaScript; the description itself is at <a href="openapi.json">openapi.json</a>.</noscript>
</body></html>
)html";
}

}  // namespace patchbay::app
