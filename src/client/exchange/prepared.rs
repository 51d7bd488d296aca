//! A request made ready for the wire.

use hyper::body::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::super::auth::AuthHeader;
use super::{Client, Request};

impl Client {
    pub(super) fn prepare(&self, request: &Request) -> Result<Prepared, String> {
        let url = self.inner.options.base_url.join(&request.target)?;
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| format!("`{}` is not an HTTP method", request.method))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let field = HeaderName::try_from(name.as_str())
                .map_err(|_| format!("`{name}` is not a header name"))?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
                format!("the value of the header `{name}` has characters that no header may have")
            })?;
            headers.append(field, value);
        }
        Ok(Prepared {
            method,
            url,
            headers,
            body: request.body.clone().map(Bytes::from),
        })
    }
}

/// A request that may be sent more than once.
pub(super) struct Prepared {
    method: Method,
    url: reqwest::Url,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl Prepared {
    pub(super) fn is_read(&self) -> bool {
        is_read(&self.method)
    }

    pub(super) fn request(&self, auth: Option<AuthHeader>) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        // Checked when the credentials were built.
        if let Some(auth) = auth
            && let Ok(name) = HeaderName::try_from(auth.name)
        {
            request.headers_mut().insert(name, auth.value);
        }
        if let Some(body) = &self.body {
            *request.body_mut() = Some(body.clone().into());
        }
        request
    }
}

pub(super) fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}
